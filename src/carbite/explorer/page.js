import { shareAddress } from "./address.js";
import { curveShares } from "./curves.js";
import { explorerShares } from "./explorers.js";
import { browsersPredictions } from "./kept_predictions.js";
import { startPredictionList } from "./prediction_list.js";
import { startPrompts } from "./prompts.js";
import { simulationShares } from "./simulations.js";

// The static page: its components, with their states in one address; and what its reader predicted.

const predicted = browsersPredictions();
shareAddress([...explorerShares(predicted), ...simulationShares(), ...curveShares()]);
startPrompts(predicted);
startPredictionList(predicted);
