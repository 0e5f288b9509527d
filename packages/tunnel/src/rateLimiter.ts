export * from './packet/rateLimiter.js';
