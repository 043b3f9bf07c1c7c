package syncquery

import "slices"

// lockAround locks what the members need without waiting: what it is refused it goes
// around by other endpoints. Members for whom there is no way around are postponed; for
// the others it reads.
func (r *reading) lockAround() {
	missing := r.missing(r.ids())
	if len(missing) == 0 {
		r.readWhatIsNeeded()
		return
	}
	chosen, homeless := r.m.view.chart.Cover(missing, r.cost(true))
	if len(chosen) > 0 {
		r.plan = r.lockAround
		r.lockAll(r.names(chosen))
		return
	}
	if r.withoutHomeless(homeless) {
		r.readWhatIsNeeded()
	}
}

// withoutHomeless goes on without the members who ask for resources that can't be had, and
// says whether there are others; else the reading ends.
func (r *reading) withoutHomeless(homeless []int64) bool {
	trouble := map[int64]error{}
	for _, id := range homeless {
		trouble[id] = r.why(id)
	}
	if r.postpone(trouble); len(r.members) == 0 {
		r.free()
		return false
	}
	return true
}

// readWhatIsNeeded reads, once everything that the members need is locked. What is not
// needed any more, since members left, is freed first.
func (r *reading) readWhatIsNeeded() {
	var superfluous []string
	chart := r.m.view.chart
	if needed, _ := chart.Cover(r.ids(), r.onlyHeld()); len(needed) < len(r.held) {
		names := r.names(needed)
		superfluous = slices.DeleteFunc(slices.Clone(r.held), func(name string) bool { return slices.Contains(names, name) })
	}
	for _, name := range superfluous { // nobody needs to wait for that, or to care how it ends
		r.held = slices.DeleteFunc(r.held, func(other string) bool { return other == name })
		r.m.unlock(name, r.number, 0, func(error) { r.m.release(name) })
	}
	r.lost = nil
	r.readAll(false, false)
}

// onlyHeld are the costs of planning with what we hold alone.
func (r *reading) onlyHeld() []int64 {
	costs := make([]int64, len(r.m.view.foreign))
	for i, e := range r.m.view.chart.Registry() {
		if costs[i] = -1; r.holds(e.Name) {
			costs[i] = 1
		}
	}
	return costs
}

func (r *reading) names(endpoints []int) []string {
	names := make([]string, len(endpoints))
	for k, i := range endpoints {
		names[k] = r.m.view.chart.Registry()[i].Name
	}
	return names
}
