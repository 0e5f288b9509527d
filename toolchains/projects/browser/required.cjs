'use strict';

/** How many copies there are of a class that is asked for by `import` elsewhere, and by `require` here. */
exports.copies = (imported) => (imported === require('@6bed4/codec').InvalidArgumentError ? 1 : 2);
