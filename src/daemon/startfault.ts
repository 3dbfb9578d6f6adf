/** What the configuration asks for and the machine does not give: it ends a start as an error in the file does. */
export class StartFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StartFault';
  }
}
