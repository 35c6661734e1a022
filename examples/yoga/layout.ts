import Yoga, { Direction, type Node } from 'yoga-layout';

export interface Box {
  left: number;
  width: number;
}

/** A row of boxes, each as wide as the others. */
export class Row {
  readonly node: Node = Yoga.Node.create();

  constructor(boxes: number) {
    for (let index = 0; index < boxes; index++) {
      const box = Yoga.Node.create();
      box.setFlexGrow(1);
      this.node.insertChild(box, index);
    }
  }

  layOut(width: number): Box[] {
    this.node.calculateLayout(width, 100, Direction.LTR);
    return Array.from({ length: this.node.getChildCount() }, (_, index) => {
      const { left, width } = this.node.getChild(index).getComputedLayout();
      return { left, width };
    });
  }
}
