const { ExpressAdapter } = require('@nestjs/platform-express');

module.exports = () => new ExpressAdapter();
