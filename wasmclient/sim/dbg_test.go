package sim_test
import ("testing";"flag";"os";"fmt";"lockstep/wasmclient/sim")
var dbg = flag.Uint64("dbg", 19, "")
func TestDbg(t *testing.T) {
	o := sim.RandomWorld(*dbg); o.World.Record = true
	fmt.Printf("%s clients %d workers %d rate %v faults %v %v hang %v crash %v changes %v alone %v ours %v read %v\n", o.Strategy, o.Clients, o.Workers, o.Rate, o.World.ErrorRate, o.World.DropRate, o.World.HangRate, o.World.Crash, o.World.Changes, o.Alone, o.World.Ours, o.World.ReadTime)
	w, _ := sim.NewWorld(o)
	for w.Advance(100000) {}
	sim.WriteTable(os.Stdout, w.Report())
	f, _ := os.Create("/tmp/trace.ndjson"); w.Trace().Write(f); f.Close()
}
