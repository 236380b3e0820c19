import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

// One swap of a mounted secret is about five events.
const quiet = 100;
// What a watch misses, such as a folder that was replaced or a network file system, is seen after this long.
const pollInterval = 10_000;

/**
 * Calls `changed` when the content of a file changes. It watches the folders, since a watch of a file ends with the
 * first rename over it, and compares contents now and then besides.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  if (paths.length === 0) return () => undefined;
  let watchers: FSWatcher[] = [];
  let pause: NodeJS.Timeout | undefined;
  let ended = false;
  let known: string | undefined;

  const compare = async () => {
    const content = await digestOf(paths);
    if (ended || content === known) return;
    const isFirst = known === undefined;
    known = content;
    if (isFirst) return;
    open();
    changed();
  };
  const soon = () => {
    clearTimeout(pause);
    pause = setTimeout(() => void compare(), quiet);
    pause.unref();
  };
  const close = () => {
    for (const watcher of watchers) watcher.close();
  };
  const open = () => {
    close();
    watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((folder) =>
      watchFolder(folder, soon),
    );
  };

  open();
  void compare();
  const poll = setInterval(() => void compare(), pollInterval);
  poll.unref();
  return () => {
    ended = true;
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

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => `unreadable: ${error.code}`);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('base64url');
}
