import { ServiceError } from '../common/errors.js';

/**
 * A path whose parts may come from tenants: each is encoded, and one that would climb or vanish is refused.
 * @throws ServiceError `invalid`
 */
export function path(...segments: string[]): string {
  return segments.map((segment) => `/${encodedSegment(segment)}`).join('');
}

function encodedSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..') {
    throw new ServiceError('invalid', `"${segment}" is neither a name nor an id.`);
  }
  return encodeURIComponent(segment);
}
