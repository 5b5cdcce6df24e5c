import { describeFaults } from './short.js';

describeFaults(['killed after']);
