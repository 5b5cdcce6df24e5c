import { describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'killed after', beside: 0 }]);
