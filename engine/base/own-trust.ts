// Trust in the engine's own certificate, for the clients of its ports that it starts itself.

type Trust = {
  readonly ca?: string;
  readonly allowPartialTrustChain?: boolean;
  readonly checkServerIdentity?: () => boolean;
};

/**
 * They come by the port's address, which its certificate need not name, and it may be signed by nobody they know: they trust
 * this certificate (PEM), as it stands, and no other. Null trusts as Node does.
 */
export function trustOf(certificate: string | null): Trust {
  if (certificate === null) return {};
  // The types of ws want a boolean of the check; to Node, whose check it is, undefined is consent.
  const checkServerIdentity = (() => undefined) as unknown as () => boolean;
  return { ca: certificate, allowPartialTrustChain: true, checkServerIdentity };
}
