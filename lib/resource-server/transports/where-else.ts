/** The remedy where a transport has no place for tokens. */
export const getTokenSaysWhere = 'The option "getToken" of ResourceServerModule says where it is.';
