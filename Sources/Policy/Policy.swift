// Policy: what a run may do, as values.
//
// Documents come in as text (`PolicyDocument.parse`), or ready-made (`Profile`). A document and the
// places it speaks of (`PolicyVariables`) make a `CompiledPolicy`, and that one decides: every
// decision is a pure function over values. This target knows nothing of files, processes, sockets
// or clocks, and must not: whoever enforces a decision also does the looking.
