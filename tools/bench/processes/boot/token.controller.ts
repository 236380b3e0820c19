import { Controller, Post } from '@nestjs/common';

/** Every application has a controller, and its first one costs most. */
@Controller('token')
export class TokenController {
  @Post()
  token() {
    return {};
  }
}
