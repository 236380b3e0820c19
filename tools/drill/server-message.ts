/** What a server tells the process that started it. */
export type ServerMessage =
  | { readonly type: 'ready'; readonly port: number; readonly kid: string }
  | { readonly type: 'promoted'; readonly kid: string }
  | { readonly type: 'reload-failed'; readonly code: string };
