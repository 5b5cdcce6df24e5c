const vm = require('node:vm');
const { ModuleMocker } = require('jest-mock');
const { dependencies, devDependencies } = require('../../package.json');

/**
 * An environment of jest in which test files run in the realm of their worker and not each in one of its own: what
 * is global is found at once instead of through a proxy, packages are loaded once, and what one file compiled the
 * next one need not. Our own modules are still made anew for every file; what a file puts on `globalThis`, or into
 * the state of a package, would stay for the next one.
 */

/** Stands for the worker's own realm where jest wants a context; nothing runs in it. */
const sameRealm = vm.createContext({});
const compileFunction = vm.compileFunction;
/** File → its text, and the function that makes the module. */
const compiled = new Map();

vm.compileFunction = (source, parameters, options) => {
  if (options?.parsingContext !== sameRealm) return compileFunction(source, parameters, options);
  const { filename } = options;
  if (isPackage(filename)) return (module) => Object.assign(module, { exports: require(filename) });
  const known = compiled.get(filename);
  if (known?.source === source) return known.make;
  const make = compileFunction(source, parameters, { ...options, parsingContext: undefined });
  compiled.set(filename, { source, make });
  return make;
};

/** Whether it is of a package that we named; jest loads its own parts anew for every file. */
function isPackage(filename) {
  const [, name] = filename.match(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/) ?? [];
  return name in dependencies || (name in devDependencies && !name.includes('jest'));
}

module.exports = class SameRealmEnvironment {
  constructor({ projectConfig }) {
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimers = null;
    this.fakeTimersModern = null;
    Object.assign(globalThis, projectConfig.globals);
    const { console } = globalThis;
    const { exit } = process;
    const { stackTraceLimit } = Error;
    this.restore = () => {
      globalThis.console = console;
      process.exit = exit;
      Error.stackTraceLimit = stackTraceLimit;
    };
  }

  async setup() {}

  async teardown() {
    this.restore();
  }

  /** jest asks for stacks of a hundred frames, which every error of the program would pay for. */
  handleTestEvent({ name }) {
    if (name === 'setup') Error.stackTraceLimit = 10;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return sameRealm;
  }
};
