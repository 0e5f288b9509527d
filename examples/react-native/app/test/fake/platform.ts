/** The system that the fakes behave like. */
export const Platform: { OS: 'android' | 'ios' } = { OS: 'android' };
