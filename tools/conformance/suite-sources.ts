// What is changed in files of the suite, so that it builds and runs without what is out of reach.

/** The suite's pom with its dependencies alone: no build, nothing for tests, and nothing that Maven Central lacks. */
export function pomToResolve(pom: string): string {
  const without = pom.replace(/\s*<build>.*<\/build>/s, '');
  if (without === pom) throw new Error('The pom.xml of the suite has no <build>: is this its checkout?');
  return without.replaceAll(/\s*<dependency>.*?<\/dependency>/gs, (dependency) =>
    /org\.multipaz|<scope>test<\/scope>|spring-boot-devtools/.test(dependency) ? '' : dependency,
  );
}

/** A page of the suite without the scripts and styles that it loads from public servers. */
export function pageAlone(html: string): string {
  return html.replaceAll(
    /<script[^>]*\bsrc="https:\/\/[^>]*>\s*<\/script>|<link[^>]*\bhref="https:\/\/[^>]*>/g,
    '',
  );
}

const folders =
  /^(?:[^/]+\.java$|(?:errorhandling|export|extensions|frontchannel|info|logging|models|oauth|openid|pagination|plan|runner|security|sharing|support|testmodule|token|ui|util|variant)\/)/;

/** Whether the compiler is told of a file of the suite; it finds what that one refers to by itself. */
export function isCompiled(file: string, code: string): boolean {
  return (
    file.endsWith('.java') &&
    folders.test(file) &&
    !/^openid\/(?:federation|ssf|client)\//.test(file) &&
    // Of mobile documents, by a library that is not in Maven Central.
    !/org\.multipaz|com\.android\.identity/.test(code)
  );
}
