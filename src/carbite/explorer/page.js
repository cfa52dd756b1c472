import { shareAddress } from "./address.js";
import { curveShares } from "./curves.js";
import { explorerShares } from "./explorers.js";
import { simulationShares } from "./simulations.js";

// The static page: its components, with their states in one address.

shareAddress([...explorerShares(), ...simulationShares(), ...curveShares()]);
