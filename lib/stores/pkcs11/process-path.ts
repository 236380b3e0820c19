/** The program that loads a module. It stands beside whatever is made of this file. */
export const processPath = new URL('./pkcs11-process.js', import.meta.url);
