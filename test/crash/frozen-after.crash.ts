import { describeFaults } from './short.js';

describeFaults(['frozen after']);
