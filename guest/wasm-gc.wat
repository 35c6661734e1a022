;; Objects that are WasmGC structs: the collector sees their fields.
(module
  (import "rt" "call" (func $call (param externref)))

  (type $obj (struct (field $callback (mut externref))))

  (func (export "make_obj") (result (ref $obj))
    (struct.new_default $obj))

  (func (export "attach_callback") (param $obj (ref $obj)) (param $callback externref)
    (struct.set $obj $callback (local.get $obj) (local.get $callback)))

  (func (export "invoke_callback") (param $obj (ref $obj))
    (local $callback externref)
    (local.set $callback (struct.get $obj $callback (local.get $obj)))
    (if (i32.eqz (ref.is_null (local.get $callback)))
      (then (call $call (local.get $callback))))))
