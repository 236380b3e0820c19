import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { load } from 'cheerio';

interface Page {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

/**
 * What links of built pages name and is not there: a page, a file or an anchor, as `page: link`. VitePress itself looks
 * at no anchors.
 *
 * @param folder of the built site
 * @param base the path at which it will be served, with a slash at both ends
 */
export function deadLinksIn(folder: string, base: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) =>
    file.replaceAll('\\', '/'),
  );
  const there = new Set(files);
  const pages = new Map(
    files.filter((file) => file.endsWith('.html')).map((file) => [file, pageIn(join(folder, file))]),
  );
  return [...pages].flatMap(([file, { links }]) =>
    links
      .filter((link) => {
        const target = targetOf(link, `${base}${file}`);
        if (target === undefined) return false;
        if (!target.path.startsWith(base)) return true;
        const relative = target.path.slice(base.length);
        const named = relative === '' || relative.endsWith('/') ? `${relative}index.html` : relative;
        const page = pages.get(named);
        if (!there.has(named)) return true;
        return target.anchor !== '' && page !== undefined && !page.anchors.has(target.anchor);
      })
      .map((link) => `${file}: ${link}`),
  );
}

function pageIn(path: string): Page {
  const $ = load(readFileSync(path, 'utf8'));
  return {
    links: [
      ...$('[href]').map((_, element) => $(element).attr('href')),
      ...$('[src]').map((_, element) => $(element).attr('src')),
    ],
    anchors: new Set($('[id]').map((_, element) => $(element).attr('id'))),
  };
}

/** Undefined for a link that leads out of the site. */
function targetOf(link: string, from: string): { path: string; anchor: string } | undefined {
  const origin = 'http://site.invalid';
  const { origin: target, pathname, hash } = new URL(link, origin + from);
  if (target !== origin) return undefined;
  return { path: posix.normalize(decodeURIComponent(pathname)), anchor: decodeURIComponent(hash.slice(1)) };
}
