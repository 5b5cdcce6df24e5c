/** The label of clusters that says how long certificates of their users are good. */
export const CLIENT_CERTIFICATE_DAYS = 'client_certificate_days';
export const MAX_CLIENT_CERTIFICATE_DAYS = 3650;

/** @param byDefault of the service; it holds too where the label is older than its meaning, and says something else. */
export function clientCertificateDays(labels: Readonly<Record<string, string>>, byDefault: number): number {
  const days = Number(labels[CLIENT_CERTIFICATE_DAYS]);
  return Number.isInteger(days) && days >= 1 && days <= MAX_CLIENT_CERTIFICATE_DAYS ? days : byDefault;
}
