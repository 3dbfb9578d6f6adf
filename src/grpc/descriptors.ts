/**
 * The contract as compiled .proto files, by file name and by the names that they declare.
 * @see https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto
 */

import { bytesOf, fieldsOf, textOf } from './fields.js';
import { descriptorSet } from './gen/descriptors.js';

export interface ContractFile {
  readonly name: string;
  /** A google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
  readonly services: readonly string[];
  /** Messages, enums, services and methods with their package. */
  readonly declares: readonly string[];
}

/** All files of the contract with what they import. */
export function contractFiles(): readonly ContractFile[] {
  return bytesOf(fieldsOf(Buffer.from(descriptorSet, 'base64')), SET.file).map(contractFile);
}

// Numbers of the fields in descriptor.proto.
const SET = { file: 1 };
const FILE = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6 };
const MESSAGE = { name: 1, field: 2, nested: 3, enum: 4 };
const SERVICE = { name: 1, method: 2 };
const NAME = 1;

function contractFile(bytes: Uint8Array): ContractFile {
  const fields = fieldsOf(bytes);
  const inPackage = named(textOf(fields, FILE.package));
  const services = bytesOf(fields, FILE.service).map(fieldsOf);
  return {
    name: textOf(fields, FILE.name),
    bytes,
    imports: bytesOf(fields, FILE.dependency).map((name) => Buffer.from(name).toString()),
    services: services.map((service) => inPackage(textOf(service, SERVICE.name))),
    declares: [
      ...bytesOf(fields, FILE.message).flatMap((message) => messageNames(message, inPackage)),
      ...bytesOf(fields, FILE.enum).map((one) => inPackage(textOf(fieldsOf(one), NAME))),
      ...services.flatMap((service) => {
        const name = inPackage(textOf(service, SERVICE.name));
        return [
          name,
          ...bytesOf(service, SERVICE.method).map((one) => named(name)(textOf(fieldsOf(one), NAME))),
        ];
      }),
    ],
  };
}

function messageNames(bytes: Uint8Array, within: (name: string) => string): string[] {
  const fields = fieldsOf(bytes);
  const name = within(textOf(fields, MESSAGE.name));
  return [
    name,
    ...bytesOf(fields, MESSAGE.field).map((one) => named(name)(textOf(fieldsOf(one), NAME))),
    ...bytesOf(fields, MESSAGE.nested).flatMap((one) => messageNames(one, named(name))),
    ...bytesOf(fields, MESSAGE.enum).map((one) => named(name)(textOf(fieldsOf(one), NAME))),
  ];
}

function named(outer: string): (name: string) => string {
  return (name) => (outer === '' ? name : `${outer}.${name}`);
}
