import { describeCrashSuite } from './suite.js';

describeCrashSuite([{ kind: 'frozen before', beside: 1 }]);
