/** Python that runs inside of supervisord or supervisorctl, and who is asked. */
import { EVENT_LISTENER } from '../options/groups.js';
import { placeOf } from '../reader.js';
import { given, ofKinds, type Rule, wordsOf } from './rule.js';

const USUAL_INTERFACE = 'supervisor.rpcinterface:make_main_rpcinterface';

export const plugins: readonly Rule[] = [
  {
    name: 'rpc-plugin',
    different: 'is a plugin in Python, which supd cannot serve',
    advice: 'delete the section; what the plugin offers must be had otherwise',
    strict: false,
    find: (survey) =>
      given(
        ofKinds(survey, 'rpcinterface'),
        ['supervisor.rpcinterface_factory'],
        (factory) => factory !== USUAL_INTERFACE,
      ),
  },
  {
    name: 'ctl-plugin',
    different: 'is a plugin of supervisorctl in Python, which supctl cannot load: its commands are missing',
    advice: 'keep it for supervisorctl, which works with supd, or delete the section',
    strict: false,
    find: (survey) => ofKinds(survey, 'ctlplugin').map((section) => placeOf(section)),
  },
  {
    name: 'result-handler',
    different: 'a handler in Python cannot be called: an answer of OK means done, any other one rejected',
    advice: `right is ${EVENT_LISTENER.result_handler.default}, or nothing; let the listener itself decide`,
    strict: false,
    find: (survey) =>
      given(
        ofKinds(survey, 'eventlistener'),
        ['result_handler'],
        (handler) => handler !== EVENT_LISTENER.result_handler.default,
      ),
  },
  {
    name: 'events-once',
    different:
      'an event that is named twice, by itself and by its parent, is told once; supervisord tells it twice',
    advice: 'nothing to do unless the listener counts them',
    strict: false,
    find: (survey) => given(ofKinds(survey, 'eventlistener'), ['events'], namesTwice),
  },
  {
    name: 'rejected-events',
    different: 'a rejected event goes back to the pool that had it; supervisord gives it to every pool',
    advice: 'nothing to do',
    strict: false,
    find: (survey) => {
      const pools = ofKinds(survey, 'eventlistener');
      return pools.length < 2 ? [] : pools.map((section) => placeOf(section));
    },
  },
  {
    name: 'ctl-address',
    different:
      'supctl asks the control socket of supd; this address counts only where there is none or nobody listens at it, as while supervisord still runs',
    advice: 'keep it for supervisorctl and for going back',
    strict: false,
    find: (survey) => given(ofKinds(survey, 'supctl'), ['serverurl']),
  },
  {
    name: 'ctl-includes',
    different: 'counts for supctl though it stands in an included file; supervisorctl reads no includes',
    advice: 'move it to the main file where supervisorctl is used too',
    strict: false,
    find: (survey) =>
      ofKinds(survey, 'supctl').flatMap((section) =>
        [...section.own.values()]
          .filter(({ source }) => source.file !== survey.file)
          .map(({ key }) => placeOf(section, key)),
      ),
  },
];

/** `EVENT`, `TICK`: a parent's name begins that of its children, all but EVENT's. */
function namesTwice(value: string): boolean {
  const events = wordsOf(value).map((event) => event.toUpperCase());
  return events.some((one, at) =>
    events.some((other, index) => index !== at && (one === 'EVENT' || other.startsWith(`${one}_`))),
  );
}
