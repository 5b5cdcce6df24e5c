import { describeFaults } from './short.js';

describeFaults(['answer lost', 'lands late']);
