// 64-bit fields are plain numbers: sizes and milliseconds stay below 2^53. Must run before the contract is loaded,
// which takes its defaults from here.
import protobuf from 'protobufjs/minimal.js';

Object.assign(protobuf.util, { Long: null });
protobuf.configure();
