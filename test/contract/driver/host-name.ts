/** Host names (RFC 1123), with a letter first, as Heat wants the names of stacks. */
export const HOST_NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
