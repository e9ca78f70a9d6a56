// The limits that a caller may change; each is explained in globes.d.ts.

export const DEFAULT_LIMITS = Object.freeze({
    queuedMessages: 500,
    unackedMessages: 32,
    messagesPerSecond: 15,
    messageBurst: 40,
    backoffBaseMs: 500,
    backoffMaxMs: 30_000,
    quickReconnectMs: 1_000,
    pauseMs: 5_000,
    openTimeoutMs: 10_000,
    ackTimeoutMs: 15_000,
    probeAfterMs: 30_000,
    probeTimeoutMs: 10_000,
    stableAfterMs: 5_000,
});
