import { Injectable } from '@nestjs/common';
import { JwtService } from 'nestjs-oidc-key';

@Injectable()
export class TokensService {
  constructor(private readonly jwt: JwtService) {}

  /** A token that this application takes itself. */
  async tokenOf(sub: string): Promise<string> {
    const token = await this.jwt.sign({ sub });
    await this.jwt.verify(token);
    return token;
  }
}
