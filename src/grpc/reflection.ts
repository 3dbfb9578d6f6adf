/**
 * Server reflection, v1 and v1alpha alike: what grpcurl asks to know the contract. Loaded when somebody asks.
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
import { status } from '@grpc/grpc-js';
import { type ContractFile, contractFiles } from './descriptors.js';
import { type grpc, reflectionV1 } from './standard.js';

type Answer = grpc.reflection.v1.ServerReflectionResponse.$Properties;
type Question = grpc.reflection.v1.ServerReflectionRequest;

const files = contractFiles();

/** The answer to one question, both as bytes. */
export function reflect(request: Buffer): Uint8Array {
  const question = reflectionV1.ServerReflectionRequest.decode(request);
  const answer = { validHost: question.host, originalRequest: question, ...answerTo(question) };
  return reflectionV1.ServerReflectionResponse.encode(answer).finish();
}

function answerTo(question: Question): Answer {
  // A question that was not asked is unset, and "" asked by name is no file's name.
  if (question.listServices != null) return allServices();
  if (question.fileByFilename != null)
    return fileAnswer(
      files.find(({ name }) => name === question.fileByFilename),
      question.fileByFilename,
    );
  if (question.fileContainingSymbol != null) {
    const symbol = question.fileContainingSymbol;
    return fileAnswer(
      files.find(({ declares }) => declares.includes(symbol)),
      symbol,
    );
  }
  if (question.allExtensionNumbersOfType != null) {
    const type = question.allExtensionNumbersOfType;
    const known = files.some(({ declares }) => declares.includes(type));
    return known
      ? { allExtensionNumbersResponse: { baseTypeName: type, extensionNumber: [] } }
      : notFound(type);
  }
  if (question.fileContainingExtension) return notFound('that extension');
  return { errorResponse: { errorCode: status.INVALID_ARGUMENT, errorMessage: 'nothing is asked' } };
}

function allServices(): Answer {
  const service = files
    .flatMap(({ services }) => services)
    .sort()
    .map((name) => ({ name }));
  return { listServicesResponse: { service } };
}

function fileAnswer(file: ContractFile | undefined, asked: string): Answer {
  if (!file) return notFound(asked);
  return { fileDescriptorResponse: { fileDescriptorProto: withImports(file).map(({ bytes }) => bytes) } };
}

/** The file itself first, then all it needs, each once. */
function withImports(file: ContractFile): readonly ContractFile[] {
  const needed = new Set([file]);
  // A set gives what is added to it while it is walked.
  for (const one of needed)
    for (const name of one.imports) {
      const found = files.find((other) => other.name === name);
      if (found) needed.add(found);
    }
  return [...needed];
}

function notFound(what: string): Answer {
  return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage: `${what}: not in this contract` } };
}
