// In place of a package that a bundle doesn't need.
module.exports = null;
