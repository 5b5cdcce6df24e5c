import { changes, describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'frozen before', beside: 1, suits: changes }]);
