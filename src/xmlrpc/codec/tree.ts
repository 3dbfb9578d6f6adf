/** XML -> elements, by fast-xml-parser: no DTD, no entities of anybody's own, bounded in size and depth. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { unescapeText } from './text.js';
import { NotXmlRpc } from './value.js';

export interface Element {
  readonly tag: string;
  /** Elements inside, in order. */
  readonly children: readonly Element[];
  /** All text directly inside, references resolved. */
  readonly text: string;
}

/** Elements inside each other: a multicall of arrays of structs has some 14. */
const DEPTH_MAX = 64;
/** A parser's complaint can be as long as the text. */
const COMPLAINT_MAX = 200;

/** In the order of the text: [{tag: [children]}], [{'#text': text}]. */
type Parsed = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: false,
  parseTagValue: false,
  // Resolved by unescapeText, which knows none but XML's own.
  processEntities: false,
  cdataPropName: '#cdata',
  textNodeName: '#text',
  maxNestedTags: DEPTH_MAX,
  // Nothing here goes by paths; as strings they would be made for every element.
  jPath: false,
  onDangerousProperty: (name: string) => name,
});

/**
 * The one element that the text is.
 * @param elementsMax  more are refused: they take far more time and memory than the text they come from
 * @throws NotXmlRpc
 */
export function readTree(text: string, elementsMax: number): Element {
  const xml = text.startsWith('\ufeff') ? text.slice(1) : text;
  // Outside of CDATA and comments, which nobody writes into these, it is a DTD.
  if (/<!(?!--|\[CDATA\[)/.test(xml)) throw new NotXmlRpc('declarations (DTD) are not taken');
  if (hasMoreTags(xml, 2 * elementsMax)) throw new NotXmlRpc(`more than ${elementsMax} elements`);
  const [root, second] = parse(xml).flatMap(toElement);
  if (!root || second) throw new NotXmlRpc('not one element');
  return root;
}

function parse(xml: string): readonly Parsed[] {
  const wrong = XMLValidator.validate(xml);
  if (wrong !== true) throw new NotXmlRpc(`line ${wrong.err.line}: ${wrong.err.msg.slice(0, COMPLAINT_MAX)}`);
  try {
    return parser.parse(xml) as readonly Parsed[];
  } catch (error) {
    throw new NotXmlRpc(error instanceof Error ? error.message : String(error));
  }
}

function hasMoreTags(xml: string, max: number): boolean {
  let count = 0;
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at + 1)) {
    count += 1;
    if (count > max) return true;
  }
  return false;
}

function toElement(node: Parsed): readonly Element[] {
  const tag = Object.keys(node)[0] ?? '';
  if (tag.startsWith('#')) return [];
  const inside = node[tag] as readonly Parsed[];
  return [{ tag, children: inside.flatMap(toElement), text: textOf(inside) }];
}

function textOf(nodes: readonly Parsed[]): string {
  return nodes
    .map((node) => {
      if (typeof node['#text'] === 'string') return readText(node['#text']);
      const cdata = node['#cdata'] as readonly Parsed[] | undefined;
      return cdata?.map((one) => String(one['#text'] ?? '')).join('') ?? '';
    })
    .join('');
}

function readText(text: string): string {
  try {
    return unescapeText(text);
  } catch (error) {
    throw new NotXmlRpc((error as Error).message);
  }
}
