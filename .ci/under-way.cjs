// A reporter of jest that keeps in a file, named by UNDER_WAY, which files of tests have begun and not ended. Where a
// process has stopped for good, nothing else can say where.
const { writeFileSync } = require('node:fs');
const path = require('node:path');

module.exports = class UnderWay {
  #paths = new Set();

  onTestFileStart(test) {
    this.#paths.add(path.relative('', test.path));
    this.#write();
  }

  onTestFileResult(test) {
    this.#paths.delete(path.relative('', test.path));
    this.#write();
  }

  #write() {
    writeFileSync(process.env.UNDER_WAY, [...this.#paths].join(' '));
  }
};
