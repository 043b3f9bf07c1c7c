package consistency

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/shared/operation"
)

// differences returns a sentence for everything that one of the inputs says and
// another does not, in order.
func differences(in inputs) []string {
	d := &comparison{inputs: in, known: map[string]bool{}, routes: map[string]bool{}}
	for _, s := range in.services {
		for _, o := range s.operations {
			d.operation(s, o)
		}
		for _, name := range slices.Sorted(maps.Keys(s.calls)) {
			if !slices.ContainsFunc(s.operations, func(o operation.Operation) bool { return o.Name == name }) {
				d.add("calls are declared for %s, which is no operation of %s", name, s.name)
			}
		}
	}
	d.left()
	slices.Sort(d.found)
	return slices.Compact(d.found)
}

// comparison is what is known while the inputs are compared.
type comparison struct {
	inputs
	known  map[string]bool // functions, files and rows that are an operation's
	routes map[string]bool // of the APIs, by the API and the route, likewise
	found  []string
}

func (d *comparison) add(format string, values ...any) {
	d.found = append(d.found, fmt.Sprintf(format, values...))
}

// operation holds all that there is of one operation against it.
func (d *comparison) operation(s service, o operation.Operation) {
	for _, f := range []struct{ what, file string }{{"event", o.Name + ".json"}, {"answer", o.Name + ".golden.json"}} {
		file := s.name + "/" + f.file
		d.known[file] = true
		if !slices.Contains(d.files, file) {
			d.add("operation %s has no %s testdata/events/%s", o.Name, f.what, file)
		}
	}
	d.row(s, o)
	var ids []string
	for id, f := range d.template.functions {
		if f.Code == s.code && f.Handler == o.Name {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		d.known[id] = true
		d.function(s, o, id, d.template.functions[id])
	}
	if len(ids) != 1 {
		d.add("operation %s has %d functions in template.yaml, not one: %s", o.Name, len(ids), ids)
	}
}

// row holds the README's row against the operation.
func (d *comparison) row(s service, o operation.Operation) {
	i := slices.IndexFunc(d.rows, func(r row) bool { return r.service == s.name && r.operation == o.Name })
	if i < 0 {
		d.add("operation %s has no row in README.md", o.Name)
		return
	}
	r := d.rows[i]
	d.known[r.service+" "+r.operation] = true
	if want := d.requestOf(s, o); r.request != want {
		d.add("README.md says that the request of operation %s is %q, not %q", o.Name, r.request, want)
	}
	if marked := strings.Contains(r.does, "(operators)"); marked != o.Operator {
		d.add("README.md marks operation %s as one for operators: %t, not %t", o.Name, marked, o.Operator)
	}
}

// requestOf is how the README tells an operation's request.
func (d *comparison) requestOf(s service, o operation.Operation) string {
	if o.Kind != operation.Task {
		return o.Method + " " + o.Path
	}
	for id, f := range d.template.functions {
		if machine := d.machineOf(id); machine != "" && f.Code == s.code && f.Handler == o.Name {
			return "the state machine " + machine
		}
		for _, e := range f.Events {
			if f.Code == s.code && f.Handler == o.Name {
				return "the stream of table " + streamARN.ReplaceAllString(string(e.Properties.Stream), "$1")
			}
		}
	}
	return ""
}

// machineOf returns the state machine that calls the function, "" if none does.
func (d *comparison) machineOf(function string) string {
	for machine, functions := range d.template.machines {
		if slices.Contains(functions, function) {
			return machine
		}
	}
	return ""
}

// function holds an operation's function against it.
func (d *comparison) function(s service, o operation.Operation, id string, f function) {
	if limit := time.Duration(f.Seconds) * time.Second; limit <= o.Timeout {
		d.add("function %s ends after %s, before the %s of operation %s are over", id, limit, o.Timeout, o.Name)
	}
	switch o.Kind {
	case operation.Answer:
		d.answers(o, id, f)
	case operation.Stream:
		d.streams(o, id, f)
	case operation.Task:
		d.works(o, id, f)
	}
	d.policy(s, o, id, f)
}

// answers holds the function's routes against an operation of the kind Answer.
func (d *comparison) answers(o operation.Operation, id string, f function) {
	if f.URL != nil {
		d.add("function %s has a Function URL, which operation %s is not made for", id, o.Name)
	}
	want, routed := o.Method+" "+o.Path, false
	for _, e := range f.Events {
		route := e.Properties.Method + " " + e.Properties.Path
		if e.Type != "Api" || route != want {
			d.add("function %s is reached by %s %s, which is no request of operation %s", id, e.Type, route, o.Name)
			continue
		}
		routed = true
		api := strings.TrimPrefix(e.Properties.API, "!Ref ")
		d.routes[api+" "+route] = true
		d.guard(o, api, route)
	}
	if !routed {
		d.add("function %s is not reached by %s, the request of operation %s", id, want, o.Name)
	}
}

// guard holds who may call a route against who is meant to.
func (d *comparison) guard(o operation.Operation, api, route string) {
	want := byAccessRoute
	if o.Operator {
		want = signedRoute
	}
	if have := d.template.apis[api][route]; have != want {
		d.add("%s lets operation %s be called by %s, not by %s", api, o.Name, callers(have), callers(want))
	}
}
