import { createHash } from 'node:crypto';
import { readFileSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

// One swap of a mounted secret is about five events.
const quiet = 100;
// What a watch misses, such as a folder that was replaced or a network file system, is seen after this long.
const pollInterval = 10_000;

/**
 * Calls `changed` when the content of a file changes. It watches the folders, since a watch of a file ends with the
 * first rename over it, and compares contents now and then besides. What changes from this call on is told.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  if (paths.length === 0) return () => undefined;
  let watchers: FSWatcher[] = [];
  let pause: NodeJS.Timeout | undefined;
  // At once, so that no change is missed between what a caller reads and the first comparison.
  let known = digestOf(paths);

  const compare = () => {
    const content = digestOf(paths);
    if (content === known) return;
    known = content;
    open();
    changed();
  };
  const soon = () => {
    clearTimeout(pause);
    pause = setTimeout(compare, quiet);
    pause.unref();
  };
  const close = () => {
    for (const watcher of watchers) watcher.close();
  };
  // Anew after each change, since a folder may have been replaced by another one.
  const open = () => {
    close();
    watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((folder) =>
      watchFolder(folder, soon),
    );
  };

  open();
  const poll = setInterval(compare, pollInterval);
  poll.unref();
  return () => {
    clearTimeout(pause);
    clearInterval(poll);
    close();
  };
}

function watchFolder(folder: string, onChange: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, onChange);
    // The poll goes on without it.
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    // The folder is not there yet; the poll will see it come.
    return [];
  }
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = contentOf(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('base64url');
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    // That it cannot be read, and why, is what there is to compare.
    return Buffer.from(String((error as NodeJS.ErrnoException).code));
  }
}
