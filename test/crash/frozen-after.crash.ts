import { changes, describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'frozen after', beside: 1, suits: changes }]);
