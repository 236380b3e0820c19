import { KeyStoreError } from '../key-store.js';

/** Node's and OpenSSL's names for a certificate that is not to be trusted, which is nothing that passes by itself. */
const certificate = /CERT|^ERR_(TLS|SSL|OSSL)|^UNABLE_TO|SELF_SIGNED|^EPROTO$/;

/**
 * That a server gives no answer that could be one.
 *
 * @param why what Node threw, or the words for it behind the name of the store
 */
export function unreachable(
  where: string,
  why: string | NodeJS.ErrnoException,
  remedy: string,
  isTransient = false,
): KeyStoreError {
  if (typeof why === 'string') {
    return new KeyStoreError('KEY_STORE_UNREACHABLE', `${where} ${why}. ${remedy}`, { isTransient });
  }
  // Messages of Node quote addresses, and these may hold a password.
  const code = /^[A-Z][A-Z0-9_]{1,60}$/.test(why.code ?? '') ? why.code! : 'no reason given';
  const isCertificate = certificate.test(code);
  return new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    isCertificate
      ? `${where} is not reached, since the server does not prove to be the one (${code}). ${remedy}`
      : `${where} is not reached (${code}). Check the address, and that the server runs and is reachable from here.`,
    { isTransient: !isCertificate },
  );
}
