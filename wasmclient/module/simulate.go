//go:build js && wasm

package main

// simulate is simulate(options).
func simulate(c *call) (any, error) {
	o := defaults()
	if err := fill(&o, c.args[0], fields()); err != nil {
		return nil, err
	}
	to, err := listeners(c, o)
	if err != nil {
		return nil, err
	}
	if c.ctx.Err() != nil {
		return nil, errAborted
	}
	if o.base == "" {
		return inTheWorld(c.ctx, o, to)
	}
	return atTheServer(c.ctx, o, to)
}
