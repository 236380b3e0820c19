import { KeyStoreError } from './key-store.js';

/**
 * Loads a vendor's package, which only those install who need it.
 *
 * @param remedy what to know beside the line that installs it
 * @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`
 */
export async function loadPackage<Package>(
  name: string,
  where: string,
  load: () => Promise<Package>,
  remedy = '',
): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    throw new KeyStoreError(
      'KEY_STORE_PACKAGE_MISSING',
      `${where} is reached with the package ${name}, which ` +
        `${isMissing ? 'is not installed' : 'cannot be loaded'}: npm install ${name}${remedy}`,
    );
  }
}
