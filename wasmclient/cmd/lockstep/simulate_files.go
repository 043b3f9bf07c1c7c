package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"lockstep/wasmclient/sim"
	"lockstep/wasmclient/sim/plot"
)

// runFiles are what a run is written to.
type runFiles struct {
	JSON  bool   `name:"json" help:"Print the report as JSON; with --ladder an array of them."`
	Out   string `placeholder:"CSV" type:"path" help:"Write a row a query to this file."`
	Trace string `placeholder:"FILE" type:"path" help:"Write what happened to this file, a line of JSON an event."`
	Plot  string `placeholder:"SVG" type:"path" help:"Draw the latencies and the endpoints' timeline into this file."`
}

// validate: a file holds one run.
func (f runFiles) validate(ladder bool) error {
	if ladder && (f.Out != "" || f.wantTrace()) {
		return errors.New("out, trace and plot are of one strategy: they can't be with --ladder")
	}
	return nil
}

func (f runFiles) wantTrace() bool { return f.Trace != "" || f.Plot != "" }

// openFiles are those that were asked for; nil where one was not.
type openFiles struct{ out, trace, plot *os.File }

func (f runFiles) create() (o openFiles, err error) {
	for _, one := range []struct {
		path string
		file **os.File
	}{{f.Out, &o.out}, {f.Trace, &o.trace}, {f.Plot, &o.plot}} {
		if one.path == "" {
			continue
		}
		if *one.file, err = os.Create(one.path); err != nil {
			return o, errors.Join(err, o.close())
		}
	}
	return o, nil
}

func (o openFiles) close() error {
	var errs []error
	for _, file := range []*os.File{o.out, o.trace, o.plot} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}

func (o openFiles) write(r ran) error {
	var errs []error
	if o.out != nil {
		errs = append(errs, sim.WriteCSV(o.out, r.samples))
	}
	if o.trace != nil {
		errs = append(errs, writeTrace(o.trace, r.trace))
	}
	if o.plot != nil {
		errs = append(errs, plot.Write(o.plot, r.trace, r.samples, r.report))
	}
	return errors.Join(errs...)
}

// print prints the reports: one as it is, several beside each other.
func (f runFiles) print(w io.Writer, reports []sim.Report) error {
	if len(reports) == 0 {
		return nil
	}
	if !f.JSON {
		return sim.WriteTable(w, reports...)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if len(reports) == 1 {
		return encoder.Encode(reports[0])
	}
	return encoder.Encode(reports)
}
