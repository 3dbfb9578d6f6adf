export { formatBytes as spokenBytes } from '../../core/sizes.js';
