// Answers as lib/stores/pkcs11/pkcs11-process.ts does, and not at all where a key is called "hangs": what a module does
// in which one call hangs while others go on. Those that can be installed hang as a whole.
process.on('message', (message) => {
  if ('begin' in message || message.question.where === 'hangs') return;
  process.send({ number: message.number, answer: undefined });
});
process.on('disconnect', () => process.exit());
