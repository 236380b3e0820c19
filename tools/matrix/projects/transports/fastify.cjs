const { FastifyAdapter } = require('@nestjs/platform-fastify');

module.exports = () => new FastifyAdapter();
