// Templates, the stylesheet and migrations are not compiled: they stay beside the sources, and the compiled
// files, in dist/src, look for them two folders up.
const sampleApp = new URL('../../', import.meta.url);

export const migrationsFolder = new URL('drizzle/', sampleApp);
export const viewsFolder = new URL('views/', sampleApp);
export const publicFolder = new URL('public/', sampleApp);
