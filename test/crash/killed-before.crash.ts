import { changes, describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'killed before', beside: 0, suits: changes }]);
