import type { IncomingMessage } from 'node:http';

import { Body, Controller, Module, Post, UseGuards } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Args, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AccessToken,
  AccessTokenGuard,
  bearerTokenOf,
  OptionalAccessToken,
  Public,
  RequireScopes,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

/** The same four handlers in each transport. */
export const handlers = ['required', 'scoped', 'optional', 'open'] as const;
export type Handler = (typeof handlers)[number];

type Claims = AccessTokenClaims | undefined;

/** What each of them answers: who the guard says it is. */
const whois = (claims: Claims) => claims?.sub ?? 'nobody';

@Controller()
@UseGuards(AccessTokenGuard)
class HttpHandlers {
  @Post('required')
  required(@AccessToken() claims: Claims, @Body() _body: unknown) {
    return whois(claims);
  }

  @Post('scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Post('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Post('open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return whois(claims);
  }
}

const fields = (type: string, prefix = '') =>
  `type ${type} { ${handlers.map((name) => `${prefix}${name}(message: JSON): String`).join(' ')} }`;
export const typeDefs = `scalar JSON ${fields('Query')} ${fields('Mutation', 'do_')} ${fields('Subscription', 'on_')}`;

@Resolver()
@UseGuards(AccessTokenGuard)
class QueryHandlers {
  @Query('required')
  required(@AccessToken() claims: Claims, @Args('message') _message: unknown) {
    return whois(claims);
  }

  @Query('scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Query('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Query('open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return whois(claims);
  }
}

@Resolver()
@UseGuards(AccessTokenGuard)
class MutationHandlers {
  @Mutation('do_required')
  required(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Mutation('do_scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Mutation('do_optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @Mutation('do_open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return whois(claims);
  }
}

async function* once(name: Handler, claims: Claims) {
  yield await Promise.resolve({ [`on_${name}`]: whois(claims) });
}

@Resolver()
@UseGuards(AccessTokenGuard)
class SubscriptionHandlers {
  @Subscription('on_required')
  required(@AccessToken() claims: Claims) {
    return once('required', claims);
  }

  @Subscription('on_scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return once('scoped', claims);
  }

  @Subscription('on_optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return once('optional', claims);
  }

  @Subscription('on_open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return once('open', claims);
  }
}

export const requests = new WeakMap<object, IncomingMessage>();

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class GatewayHandlers {
  /** As docs/transports.md has it for `ws`. */
  handleConnection(client: object, request: IncomingMessage) {
    requests.set(client, request);
  }

  @SubscribeMessage('required')
  required(@AccessToken() claims: Claims, @MessageBody() _message: unknown) {
    return { event: 'answer', data: whois(claims) };
  }

  @SubscribeMessage('scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return { event: 'answer', data: whois(claims) };
  }

  @SubscribeMessage('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return { event: 'answer', data: whois(claims) };
  }

  @SubscribeMessage('open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return { event: 'answer', data: whois(claims) };
  }
}

@Controller()
@UseGuards(AccessTokenGuard)
class MessageHandlers {
  @MessagePattern('required')
  required(@AccessToken() claims: Claims, @Payload() _message: unknown) {
    return whois(claims);
  }

  @MessagePattern('scoped')
  @RequireScopes('admin')
  scoped(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @MessagePattern('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims: Claims) {
    return whois(claims);
  }

  @MessagePattern('open')
  @Public()
  open(@AccessToken() claims: Claims) {
    return whois(claims);
  }
}

@Module({
  controllers: [HttpHandlers, MessageHandlers],
  providers: [QueryHandlers, MutationHandlers, SubscriptionHandlers, GatewayHandlers],
})
export class HandlersModule {}

/** What an application says where a transport has no place for tokens. */
export function getToken(context: ExecutionContext): string | undefined {
  if (context.getType() === 'rpc') return context.switchToRpc().getData<{ token?: string } | null>()?.token;
  const request = context.getType() === 'ws' && requests.get(context.switchToWs().getClient<object>());
  return request ? /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] : bearerTokenOf(context);
}
