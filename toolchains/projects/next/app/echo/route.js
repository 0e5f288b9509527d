import * as library from '@6bed4/node';
import { hello } from '../../hello.cjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  return new Response(await hello(library));
}
