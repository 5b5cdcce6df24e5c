import { changes, describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'killed after', beside: 0, suits: changes }]);
